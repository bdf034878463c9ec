/** The few signs that are used. Each stands beside a word, so it is hidden from screen readers. */

const PATHS = {
  lock: "M8 1a4 4 0 0 0-4 4v2H3v8h10V7h-1V5a4 4 0 0 0-4-4Zm-2.4 4a2.4 2.4 0 1 1 4.8 0v2H5.6V5Z",
  lockOpen: "M8 1a4 4 0 0 0-4 4v2H3v8h10V7H5.6V5a2.4 2.4 0 0 1 4.7-.7l1.5-.5A4 4 0 0 0 8 1ZM4.6 8.6h6.8v4.8H4.6V8.6Z",
  none: "M8 1.2a6.8 6.8 0 1 0 0 13.6A6.8 6.8 0 0 0 8 1.2Zm0 1.6c1.2 0 2.2.4 3.1 1L3.8 11A5.2 5.2 0 0 1 8 2.8Zm0 10.4c-1.2 0-2.2-.4-3.1-1L12.2 5A5.2 5.2 0 0 1 8 13.2Z",
  warning: "M8 1 .6 14.6h14.8L8 1Zm-.8 4.8h1.6v4.4H7.2V5.8Zm0 5.6h1.6V13H7.2v-1.6Z",
  error: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-.8 3h1.6v5.2H7.2V4Zm0 6.4h1.6V12H7.2v-1.6Z",
  info: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-.8 3h1.6v1.6H7.2V4Zm0 2.8h1.6V12H7.2V6.8Z",
  check: "M6.4 12.4 2 8l1.4-1.4 3 3 6.2-6.2L14 4.8l-7.6 7.6Z",
  down: "M3 5.4 8 10.6l5-5.2-1.2-1.2L8 8.1 4.2 4.2 3 5.4Z",
  close: "M3.6 2.4 8 6.8l4.4-4.4 1.2 1.2L9.2 8l4.4 4.4-1.2 1.2L8 9.2l-4.4 4.4-1.2-1.2L6.8 8 2.4 3.6l1.2-1.2Z",
  menu: "M1.5 3h13v1.7h-13V3Zm0 4.2h13v1.7h-13V7.2Zm0 4.1h13V13h-13v-1.7Z",
  sun: "M8 4.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8ZM7.2 0h1.6v2.6H7.2V0Zm0 13.4h1.6V16H7.2v-2.6ZM0 7.2h2.6v1.6H0V7.2Zm13.4 0H16v1.6h-2.6V7.2ZM2 3.1 3.1 2 5 3.9 3.9 5 2 3.1Zm9 9 1.1-1.1 1.9 1.9-1.1 1.1-1.9-1.9Zm0-8.2L12.9 2 14 3.1 12.1 5 11 3.9ZM2 12.9 3.9 11 5 12.1 3.1 14 2 12.9Z",
  moon: "M6.4 1.4A6.8 6.8 0 1 0 14.6 10 5.8 5.8 0 0 1 6.4 1.4Z",
  search: "M6.6 1a5.6 5.6 0 1 0 3.4 10l3.6 3.6 1.1-1.1L11.100 9.900A5.600 5.600 0 0 0 6.600 1Zm0 1.600a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z",
  refused: "M8 1.200a6.800 6.800 0 1 0 0 13.600A6.800 6.800 0 0 0 8 1.200ZM4 7.100h8v1.800H4V7.100Z",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, large = false }: { name: IconName; large?: boolean }) {
  const size = large ? "2.5em" : "1em";
  return (
    <svg className="hb-icon" viewBox="0 0 16 16" width={size} height={size} fill="currentColor" fillRule="evenodd" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
