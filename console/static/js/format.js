// Times, sizes and numbers as people read them.

export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.round(seconds % 60)).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function between(started, ended) {
  if (!started) return "";
  const end = ended ? new Date(ended) : new Date();
  return duration(Math.max(0, (end - new Date(started)) / 1000));
}

export function moment(text) {
  if (!text) return "";
  const when = new Date(text);
  const today = when.toDateString() === new Date().toDateString();
  const day = when.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const time = when.toLocaleTimeString("en-GB");
  return today ? `today ${time}` : `${day}, ${time}`;
}

export function number(value) {
  if (typeof value !== "number") return String(value ?? "");
  return Number.isInteger(value) ? value.toLocaleString("en") : String(Number(value.toPrecision(5)));
}

export function bytes(count) {
  if (count < 1024) return `${count} bytes`;
  return count < 1 << 20 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / (1 << 20)).toFixed(1)} MiB`;
}

export function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

/** The end of an ARN or the beginning of an id, which is what people recognise. */
export function short(text) {
  if (text.startsWith("arn:")) return text.slice(text.lastIndexOf(":") + 1);
  return text.replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{22,}/g, "$1");
}

/** A name in camel case as parts between which a line may break. */
export function parts(name) {
  return name.split(/(?<=[a-z])(?=[A-Z])/).flatMap((part, index) => (index ? [document.createElement("wbr"), part] : [part]));
}
