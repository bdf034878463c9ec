// Bundles web/src into the folder named on the command line: index.html and assets/ with their content's hash in each name,
// so that a server may let browsers keep assets for ever.
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as esbuild from "esbuild";

const target = process.argv[2];
if (!target) throw new Error("usage: node build.mjs FOLDER");

const result = await esbuild.build({
  entryPoints: { app: "src/main.tsx", style: "src/styles/app.css" },
  outdir: join(target, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  splitting: true, // the graph's libraries are half of all code, and only one page needs them
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "linked",
  loader: { ".woff2": "file", ".svg": "empty" }, // the pictures are backgrounds of themes that are not used
  define: { "process.env.NODE_ENV": '"production"' },
  metafile: true,
  write: false,
  logLevel: "warning",
});

const names = result.outputFiles.map((file) => basename(file.path));
const only = (pattern) => names.find((name) => pattern.test(name)) ?? fail(pattern);
function fail(pattern) {
  throw new Error(`the bundle has no file like ${pattern}: ${names.join(", ")}`);
}
const page = (await readFile("index.html", "utf8"))
  .replace("/assets/app.js", `/assets/${only(/^app-.*\.js$/)}`)
  .replace("/assets/app.css", `/assets/${only(/^style-.*\.css$/)}`);

await rm(target, { recursive: true, force: true });
await mkdir(join(target, "assets"), { recursive: true });
for (const file of result.outputFiles) await writeFile(join(target, "assets", basename(file.path)), file.contents);
await copyFile("icon.svg", join(target, "assets", "icon.svg"));
await writeFile(join(target, "index.html"), page);
