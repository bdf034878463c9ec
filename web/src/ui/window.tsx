/** How far back measured traffic counts, as Kiali's duration chooser: kept in the address. */
import { useParameter } from "../router.tsx";
import { Select } from "./parts.tsx";

const WINDOWS = [
  ["60", "Last 1 min"],
  ["300", "Last 5 min"],
  ["900", "Last 15 min"],
  ["3600", "Last hour"],
] as const;

export function WindowChooser() {
  const [window, setWindow] = useParameter("window", "60");
  return <Select label="Traffic of" value={window} options={WINDOWS} onChange={setWindow} />;
}
