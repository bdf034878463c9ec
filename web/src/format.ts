/** How numbers, times and names are written, in one place. */

const DAY = 86_400;

/** "3 days", "5 hours", "20 s": a duration in one unit, rounded down so that nothing seems to last longer than it does. */
export function inWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 2 * DAY) return plural(Math.floor(whole / 3600), "hour");
  return plural(Math.floor(whole / DAY), "day");
}

/** "2 min ago", "in 3 days", "now". */
export function distance(moment: number, now: number): string {
  const seconds = (now - moment) / 1000;
  if (Math.abs(seconds) < 1) return "now";
  return seconds > 0 ? `${inWords(seconds)} ago` : `in ${inWords(-seconds)}`;
}

/** A time of day where it is today, else with its date; the reader's own clock and zone. */
export function clock(moment: number, now: number): string {
  const time = new Date(moment);
  const today = new Date(now).toDateString() === time.toDateString();
  const hours = time.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  if (today) return hours;
  const date = time.toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
  return `${date}, ${hours.slice(0, 5)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** A share in words that never says more than is so: 0.9996 is "99.9 %", not 100. `null`: nothing was measured. */
export function shareText(share: number | null): string {
  if (share === null) return "no traffic";
  if (share >= 1) return "all";
  if (share <= 0) return "none";
  if (share < 0.001) return "less than 0.1 %";
  const percent = Math.floor(share * 1000) / 10;
  return `${percent} %`;
}

/** The last part of a SPIFFE ID, which tells identities apart: "bookinfo/default" of "spiffe://cluster.local/ns/bookinfo/sa/default". */
export function shortIdentity(identity: string): string {
  const parts = /^(?:spiffe:\/\/)?[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(identity);
  return parts ? `${parts[1]}/${parts[2]}` : identity;
}
