/**
 * A `describe` of scenarios that take more than about two minutes. It runs with E2E=all (`make e2e-all`) only; what is
 * left out otherwise is told at the end of the run, so that nobody takes it for tested.
 */
export function long(title: string, scenarios: (this: Mocha.Suite) => void): void {
  const suite = describe(title, scenarios);
  if (process.env.E2E === "all") {
    return;
  }
  const { parent } = suite;
  if (parent) {
    parent.suites = parent.suites.filter((other) => other !== suite);
  }
  if (leftOut.length === 0) {
    process.once("exit", tell);
  }
  leftOut.push({ title: suite.fullTitle(), count: suite.total() });
}

const leftOut: { title: string; count: number }[] = [];

function tell(): void {
  const count = leftOut.reduce((sum, suite) => sum + suite.count, 0);
  const lines = leftOut.map((suite) => `    ${suite.title} (${suite.count})`);
  console.log(
    `  ${count} long scenarios left out, which E2E=all (make e2e-all) runs:\n${lines.join("\n")}\n`,
  );
}
