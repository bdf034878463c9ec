/** The top bar, the same on every page: name, meshes, and at its right the lock, where a Kiali user looks for it. */
import type { Mesh } from "./api.ts";
import { LockButton } from "./lock.tsx";
import { Link, useParameter } from "./router.tsx";
import { useTheme } from "./theme.ts";
import { Button, Select } from "./ui/parts.tsx";

const nameOf = (mesh: Mesh): string => `${mesh.namespace}/${mesh.name}`;

export function Masthead({ meshes, chosen, navigation, onNavigation }: {
  meshes: Mesh[];
  chosen: Mesh | undefined;
  navigation: boolean;
  onNavigation: () => void;
}) {
  const [, setMesh] = useParameter("mesh");
  const [theme, toggleTheme] = useTheme();
  return (
    <header className="pf-v6-c-masthead hb-masthead">
      <div className="pf-v6-c-masthead__main">
        <span className="hb-hamburger">
          <Button kind="plain" icon="menu" label="Navigation" onClick={onNavigation} expanded={navigation} controls="navigation" />
        </span>
        <Link to="/overview" className="hb-brand">
          <img src="/assets/icon.svg" alt="" width="28" height="28" />
          <span>Hauberk</span>
        </Link>
      </div>
      <div className="pf-v6-c-masthead__content hb-masthead-content">
        {meshes.length > 1 && chosen && (
          <Select
            label="Mesh"
            value={nameOf(chosen)}
            options={meshes.map((mesh) => [nameOf(mesh), `${nameOf(mesh)} (${mesh.lock.word})`] as const)}
            onChange={setMesh}
          />
        )}
        <div className="hb-locks">
          {meshes.map((mesh) => (
            <div key={nameOf(mesh)} className={mesh === chosen ? "hb-lock-chosen" : "hb-lock-other"}>
              <LockButton mesh={mesh} named={meshes.length > 1} />
            </div>
          ))}
        </div>
        <Button
          kind="plain"
          icon={theme === "dark" ? "sun" : "moon"}
          label={theme === "dark" ? "Change to light" : "Change to dark"}
          onClick={toggleTheme}
        />
      </div>
    </header>
  );
}
