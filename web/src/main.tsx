/** Where the pages begin. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { Session } from "./session.tsx";
import { beginTheme } from "./theme.ts";

beginTheme();
const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <Session>
      <App />
    </Session>
  </StrictMode>,
);
