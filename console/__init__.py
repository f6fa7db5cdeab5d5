"""The console: a web page on this machine for the people who run, approve and watch.

    make console
    python -m console --port 8470

    __main__        the command: starts the server, prints the URL
    context         what the pages share: settings, AWS clients, what the deployment is called
    routes          every path of the API
    commands        the command line that does the same as a page
    tasks           work that goes on while the page shows its lines
    gate            the data gate, run on a file before a run starts
    files           uploaded files, until the console ends
    pages/          the API: one module for each page
    web/            HTTP on 127.0.0.1: messages, routes, who may ask, streams of events
    static/         the page itself: HTML, style sheets and ES modules without a build step

The console has no logic of AWS of its own: it reads and decides through the packages of
deployment-scripts/landing_zone, as the scripts do, with the credentials of whoever started it.
"""
