/** The shell of all pages: masthead, navigation, the page that the address names. */
import { type ReactNode, Suspense, lazy, useEffect, useState } from "react";
import type { MeshList } from "./api.ts";
import { stream, useLive } from "./live.ts";
import { Masthead } from "./masthead.tsx";
import { CertificatesPage } from "./pages/certificates.tsx";
import { EmptyMesh } from "./pages/empty.tsx";
import { ObjectPage } from "./pages/object.tsx";
import { ObjectsPage } from "./pages/objects.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { ServicePage } from "./pages/service.tsx";
import { ServicesPage } from "./pages/services.tsx";
import { WorkloadPage } from "./pages/workload.tsx";
import { WorkloadsPage } from "./pages/workloads.tsx";
import { Link, useParameter, usePath } from "./router.tsx";
import { Announcer } from "./ui/announce.tsx";
import { Page } from "./ui/page.tsx";
import { Alert } from "./ui/states.tsx";

// Its libraries are half of all code; no other page waits for them.
const GraphPage = lazy(async () => {
  const module = await import("./graph/page.tsx");
  await module.fontsReady;
  return { default: module.GraphPage };
});

const PLACES = [
  ["overview", "Overview"],
  ["graph", "Graph"],
  ["workloads", "Workloads"],
  ["services", "Services"],
  ["certificates", "Certificates"],
  ["objects", "Objects"],
] as const;

export function App() {
  const path = usePath();
  const [mesh] = useParameter("mesh");
  const [window_] = useParameter("window", "60");
  const meshes = useLive<MeshList>("/api/meshes", "mesh");
  const items = meshes.data?.items ?? [];
  const chosen = items.find((one) => `${one.namespace}/${one.name}` === mesh) ?? items[0];
  const named = chosen ? `${chosen.namespace}/${chosen.name}` : "";

  useEffect(() => {
    stream.follow(`/api/events?${new URLSearchParams(named ? { window: window_, mesh: named } : { window: window_ })}`);
  }, [named, window_]);

  return (
    <Frame meshes={items} chosen={chosen} place={path[0] ?? "overview"}>
      {meshes.problem && !meshes.data && <Page title="Hauberk"><Alert severity="danger" title={meshes.problem.message}>{meshes.problem.how}</Alert></Page>}
      {meshes.data && (chosen ? <Place path={path} mesh={named} window={window_} /> : <EmptyMesh hint={meshes.data.hint ?? ""} />)}
    </Frame>
  );
}

export interface PlaceProps {
  mesh: string;
  window: string;
}

function Place({ path, ...place }: { path: string[] } & PlaceProps) {
  const [first = "overview", ...rest] = path;
  const [one = "", two = ""] = rest;
  switch (first) {
    case "overview":
      return <OverviewPage {...place} />;
    case "graph":
      return <Suspense fallback={<Page title="Graph"><p className="hb-muted">Loading the graph …</p></Page>}><GraphPage {...place} /></Suspense>;
    case "workloads":
      return two ? <WorkloadPage namespace={one} name={two} {...place} /> : <WorkloadsPage {...place} />;
    case "services":
      return two ? <ServicePage namespace={one} name={two} {...place} /> : <ServicesPage {...place} />;
    case "certificates":
      return <CertificatesPage {...place} />;
    case "objects":
      return rest.length === 5 ? <ObjectPage parts={rest} {...place} /> : <ObjectsPage {...place} />;
    default:
      return <Page title="No such page"><p>There is no page at this address. <Link to="/overview">Go to the overview.</Link></p></Page>;
  }
}

function Frame({ children, place, ...masthead }: { children: ReactNode; place: string } & Omit<Parameters<typeof Masthead>[0], "navigation" | "onNavigation">) {
  const [open, setOpen] = useState(false);
  const path = usePath().join("/");
  useEffect(() => setOpen(false), [path]);
  return (
    <div className="pf-v6-c-page hb-page">
      <a className="pf-v6-c-button pf-m-primary hb-skip" href="#main" onClick={skip}>Skip to content</a>
      <Masthead {...masthead} navigation={open} onNavigation={() => setOpen(!open)} />
      <div className={`pf-v6-c-page__sidebar ${open ? "pf-m-expanded hb-open" : ""}`} id="navigation">
        <div className="pf-v6-c-page__sidebar-main">
          <div className="pf-v6-c-page__sidebar-body">
            <nav className="pf-v6-c-nav" aria-label="Pages">
              <ul className="pf-v6-c-nav__list" role="list">
                {PLACES.map(([to, text]) => (
                  <li key={to} className="pf-v6-c-nav__item">
                    <Link to={`/${to}`} className={`pf-v6-c-nav__link ${place === to ? "pf-m-current" : ""}`} aria-current={place === to ? "page" : undefined}>
                      <span className="pf-v6-c-nav__link-text">{text}</span>
                    </Link>
                  </li>
                ))}
              </ul>
            </nav>
          </div>
        </div>
      </div>
      <div className="pf-v6-c-page__main-container" tabIndex={-1}>
        <main className="pf-v6-c-page__main" id="main" tabIndex={-1}>{children}</main>
      </div>
      <Announcer />
    </div>
  );
}

/** The link's own jump would put #main into the address, where the router and the token live. */
function skip(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
