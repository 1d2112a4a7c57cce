import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect } from "chai";
import ts from "typescript";
import { root } from "../../hack/root";

/**
 * What each folder may import besides itself and packages. A folder that isn't listed belongs to its parent.
 * Whatever gate/ imports runs in the members' pods, so a change there restarts members.
 */
const may: Readonly<Record<string, readonly string[]>> = {
  "components/args": [],
  "components/contract": [],
  "components/config": ["components/args", "components/contract"],
  "components/validation": ["components/args", "components/contract", "components/config"],
  "components/effects": ["components/args", "components/contract", "components/config"],
  "components/resources": [
    "components/args",
    "components/contract",
    "components/config",
    "components/effects",
  ],
  "components/outputs": ["components/args", "components/contract", "components/resources"],
  components: [
    ...["components/args", "components/contract", "components/config"],
    ...["components/validation", "components/resources", "components/outputs"],
  ],
  "programs/shared": ["components/contract"],
  "programs/gate": ["components/contract", "programs/shared"],
  "programs/backup": ["components/contract", "programs/shared"],
  "programs/restore": ["components/contract", "programs/shared"],
  "programs/controller/model": ["components/contract", "programs/shared"],
  "programs/controller/plan": ["components/contract", "programs/shared", "programs/controller/model"],
  "programs/controller/act": ["programs/shared", "programs/controller/model"],
  "programs/controller/report": ["programs/shared", "programs/controller/model"],
  "programs/controller/server": ["programs/shared", "programs/controller/model"],
  "programs/controller/observe": [
    ...["components/contract", "programs/shared", "programs/controller/model", "programs/controller/server"],
  ],
  "programs/controller/loop": [
    ...[
      "programs/shared",
      "programs/controller/model",
      "programs/controller/plan",
      "programs/controller/act",
    ],
    ...["programs/controller/observe", "programs/controller/server"],
  ],
  "programs/controller": [
    ...["components/contract", "programs/shared", "programs/controller/model", "programs/controller/plan"],
    ...["programs/controller/act", "programs/controller/report", "programs/controller/server"],
    ...["programs/controller/observe", "programs/controller/loop"],
  ],
};

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
    .map((file) => join(folder, file));

const files = [...sources("components"), ...sources("programs")];

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), "utf8"));
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => {
      const target = relative(root, join(root, dirname(file), fileName));
      const found = [`${target}.ts`, join(target, "index.ts")].find((path) => files.includes(path));
      if (found === undefined) throw new Error(`${file} imports ${fileName}, which isn't there`);
      return found;
    });
}

const roomOf = (file: string): string => {
  const rooms = Object.keys(may).filter((room) => file.startsWith(`${room}/`));
  return rooms.reduce((a, b) => (b.length > a.length ? b : a), "");
};

describe("imports", () => {
  const graph = new Map(files.map((file) => [file, importsOf(file)]));

  it("go down only", () => {
    const wrong = [...graph].flatMap(([file, targets]) =>
      targets
        .filter((target) => roomOf(target) !== roomOf(file) && !may[roomOf(file)]?.includes(roomOf(target)))
        .map((target) => `${file} imports ${target}`),
    );
    expect(wrong).to.deep.equal([]);
  });

  it("are all used where they are allowed", () => {
    const used = new Set(
      [...graph].flatMap(([file, targets]) => targets.map((target) => `${roomOf(file)} → ${roomOf(target)}`)),
    );
    const allowed = Object.entries(may).flatMap(([room, below]) =>
      below.map((other) => `${room} → ${other}`),
    );
    expect(allowed.filter((arrow) => !used.has(arrow))).to.deep.equal([]);
  });

  it("form no cycle", () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, way: readonly string[]): void => {
      if (way.includes(file)) return void circles.push([...way.slice(way.indexOf(file)), file].join(" → "));
      if (done.has(file)) return;
      for (const target of graph.get(file) ?? []) visit(target, [...way, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(circles).to.deep.equal([]);
  });
});
