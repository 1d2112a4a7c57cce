import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { root } from "../../../hack/root";
import { folder, textOfExample } from "../../support/examples";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Record<string, unknown>;
}

interface Job {
  readonly strategy: { readonly matrix: { readonly stack: string[] }; readonly "max-parallel"?: number };
  readonly environment: string;
  readonly concurrency?: { readonly group: string; readonly "cancel-in-progress": boolean };
  readonly "timeout-minutes": number;
  readonly steps: Step[];
}

interface Workflow {
  readonly on: "pull_request" | { readonly schedule?: { readonly cron: string }[] };
  readonly permissions: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

const path = "github-workflow/.github/workflows";
const files = readdirSync(join(folder, path)).sort();
const textOf = (file: string) => textOfExample(`${path}/${file}`);
const readme = textOfExample("github-workflow/README.md");

function workflow(file: string) {
  const { on, permissions, jobs } = parse(textOf(file)) as Workflow;
  expect(Object.keys(jobs)).to.have.lengthOf(1);
  const [job] = Object.values(jobs);
  const schedule = typeof on === "string" ? [] : (on.schedule ?? []).map(({ cron }) => cron);
  return { on, schedule, permissions, job: job! };
}

const pulumi = ({ steps }: Job) => steps.find(({ uses }) => uses?.startsWith("pulumi/actions@"));

describe("the workflows for GitHub", () => {
  it("are the three that their README lists", () => {
    expect(files).to.deep.equal(["drift.yml", "preview.yml", "up.yml"]);
    const listed = [...readme.matchAll(/^\| \[(\w+\.yml)\]/gm)].map(([, file]) => file);
    expect(listed.sort()).to.deep.equal(files);
  });

  for (const file of files) {
    it(`${file} runs for the stacks of the others, with pinned actions and the secrets of the README`, () => {
      const { job } = workflow(file);
      expect(job.strategy.matrix.stack).to.deep.equal(["staging", "production"]);
      const actions = job.steps.flatMap(({ uses }) => uses ?? []);
      expect(actions.filter((action) => !/^[\w-]+\/[\w-]+@v\d+$/.test(action))).to.deep.equal([]);
      const secrets = [...textOf(file).matchAll(/secrets\.(\w+)/g)].map(([, name]) => name);
      expect(secrets).to.include("KUBECONFIG");
      expect(secrets.filter((name) => !readme.includes(`| \`${name}\` |`))).to.deep.equal([]);
    });

    it(`${file} has commands that are a shell's, and pastes nothing into them`, () => {
      for (const { run } of workflow(file).job.steps.filter((step) => step.run !== undefined)) {
        const { status, stderr } = spawnSync("bash", ["-n", "-c", run!], { encoding: "utf8" });
        expect(status, `${run}\n${stderr}`).to.equal(0);
        expect(run).not.to.include("${{");
      }
    });
  }

  it("preview.yml comments on a preview, also on one that was refused, and may do no more", () => {
    const { on, permissions, job } = workflow("preview.yml");
    expect(on).to.equal("pull_request");
    expect(permissions).to.deep.equal({ contents: "read", "pull-requests": "write" });
    expect(job.environment).to.equal("${{ matrix.stack }}-preview");
    expect(pulumi(job)?.with).to.include({ command: "preview", "comment-on-pr": true });
    expect(job.steps.at(-1)?.run).to.match(/^pulumi preview [^]*\ngh pr comment /);
  });

  it("up.yml doesn't skip the preview, waits longer than `pulumi up` does, and renews each week", () => {
    const { schedule, permissions, job } = workflow("up.yml");
    expect(schedule).to.deep.equal(["17 5 * * 1"]);
    expect(permissions).to.deep.equal({ contents: "read" });
    expect(job.environment).to.equal("${{ matrix.stack }}");
    expect(job.strategy["max-parallel"]).to.equal(1);
    expect(job.concurrency).to.deep.equal({ group: "up-${{ matrix.stack }}", "cancel-in-progress": false });
    expect(job["timeout-minutes"]).to.be.greaterThan(120);
    expect(pulumi(job), "it installs the CLI").not.to.equal(undefined);
    expect(pulumi(job)?.with, "its own command skips the preview").to.equal(undefined);
    expect(job.steps.at(-1)?.run).to.match(/^pulumi up --yes /);
    expect(textOf("up.yml")).not.to.include("--skip-preview");
  });

  it("drift.yml runs the command that the documentation names, each night", () => {
    const { schedule, permissions, job } = workflow("drift.yml");
    expect(schedule).to.deep.equal(["23 4 * * *"]);
    expect(permissions).to.deep.equal({ contents: "read" });
    expect(job.environment).to.equal("${{ matrix.stack }}-preview");
    expect(pulumi(job)?.with).to.include({ command: "preview", refresh: true, "expect-no-changes": true });
    const page = readFileSync(join(root, "docs/pull-requests.md"), "utf8");
    expect(page).to.match(/^pulumi preview .*--refresh --expect-no-changes/m);
  });
});
