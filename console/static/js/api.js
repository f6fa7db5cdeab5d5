// Requests to the console, and streams of what changes.

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function read(response) {
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(content.error || `${response.status} ${response.statusText}`, response.status);
  return content;
}

export async function get(path, signal) {
  return read(await fetch(`/api${path}`, { signal }));
}

export async function post(path, content = {}) {
  const body = JSON.stringify(content);
  return read(await fetch(`/api${path}`, { method: "POST", body, headers: { "Content-Type": "application/json" } }));
}

/** Send a file; the answer is about it. */
export async function send(path, file, query = {}) {
  const parameters = new URLSearchParams({ ...query, name: file.name });
  return read(await fetch(`/api${path}?${parameters}`, { method: "POST", body: file }));
}

/** Call `shown` with what a path answers, now and after each change, until the signal; not while the tab is hidden. */
export function follow(path, signal, shown, failed) {
  let source = null;
  const open = () => {
    source = new EventSource(`/api/events?path=${encodeURIComponent(`/api${path}`)}`);
    source.onmessage = (event) => {
      const { status, content } = JSON.parse(event.data);
      if (status === 200) shown(content);
      else failed(new ApiError(content.error, status));
    };
    source.onerror = () => {
      // A refused stream is not opened again by the browser; a request says why.
      if (source.readyState === EventSource.CLOSED) get(path, signal).catch(failed);
    };
  };
  const visible = () => {
    if (document.hidden) {
      source?.close();
      source = null;
    } else if (!source) open();
  };
  document.addEventListener("visibilitychange", visible);
  signal.addEventListener("abort", () => {
    document.removeEventListener("visibilitychange", visible);
    source?.close();
  });
  visible();
}
