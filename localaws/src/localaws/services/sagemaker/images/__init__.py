"""Which image URI runs how.

``catalog`` finds the image of a URI, ``launch`` says what an image decides, ``scikit_learn`` and
``local_directory`` are the two kinds of image. ``settings`` reads which repositories localaws runs, and
``extra`` checks that the packages of the scikit-learn image are installed.
"""
