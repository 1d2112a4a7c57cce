import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { clientConnection } from "../../../components/outputs/connection";
import { folder, textOfExample } from "../../support/examples";

const pythonParser = "import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])";

/** Each language's own parser. What a program imports isn't here, so no more than the syntax is checked. */
const parsers: readonly { file: string; command: (path: string, scratch: string) => string[] }[] = [
  { file: "clients/go/main.go", command: (path) => ["gofmt", "-l", path] },
  { file: "go/main.go", command: (path) => ["gofmt", "-l", path] },
  { file: "clients/python/client.py", command: (path) => ["python3", "-c", pythonParser, path] },
  { file: "python/__main__.py", command: (path) => ["python3", "-c", pythonParser, path] },
  { file: "clients/node/client.mjs", command: (path) => [process.execPath, "--check", path] },
  {
    file: "clients/java/src/main/java/example/Client.java",
    command: (path, scratch) => ["javac", "-XDshould-stop.ifNoError=PARSE", "-d", scratch, path],
  },
];

describe("programs of the examples in other languages", () => {
  const scratch = mkdtempSync(join(tmpdir(), "examples-"));
  after(() => rmSync(scratch, { recursive: true }));

  for (const { file, command } of parsers) {
    it(`${file} is well-formed`, function () {
      const [tool = "", ...args] = command(join(folder, file), scratch);
      const { error, status, stdout, stderr } = spawnSync(tool, args, { encoding: "utf8" });
      if (error) {
        console.error(
          `      NOT CHECKED: examples/${file}, because there is no ${tool} here (${error.message})`,
        );
        this.skip();
      }
      expect({ status, output: stdout + stderr }).to.deep.equal({ status: 0, output: "" });
    });
  }
});

describe("clients of the examples", () => {
  const { env } = clientConnection("etcd", "etcd-client-app", ["https://etcd-0.etcd:2379"]);

  for (const { file } of parsers.filter((each) => each.file.startsWith("clients/"))) {
    it(`${file} reads the variables that a connection sets`, () => {
      const text = textOfExample(file);
      const known = env.map(({ name }) => name);
      expect(known.filter((name) => !text.includes(name))).to.deep.equal([]);
      const read = [...text.matchAll(/ETCDCTL_\w+/g)].map(([name]) => name);
      expect(read.filter((name) => !known.includes(name))).to.deep.equal([]);
    });
  }
});
