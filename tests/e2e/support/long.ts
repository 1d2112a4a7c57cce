/**
 * Scenarios that are too long for `make e2e`: those of more than about two minutes, and variants of one that
 * always runs. They run only with E2E=all (`make e2e-all`). Otherwise the end of the run lists what was left
 * out, so that nobody takes it for tested.
 */

/** A `describe` of long scenarios. */
export function long(title: string, scenarios: (this: Mocha.Suite) => void): void {
  const suite = describe(title, function () {
    // Each wait in a scenario has its own limit. The longest scenarios may need more than five minutes.
    this.timeout(600_000);
    scenarios.call(this);
  });
  if (process.env.E2E === "all") {
    return;
  }
  const { parent } = suite;
  if (parent) {
    parent.suites = parent.suites.filter((other) => other !== suite);
  }
  leaveOut(suite.fullTitle(), suite.total());
}

/** A long scenario. */
export function longOne(title: string, scenario: Mocha.AsyncFunc): void {
  const test = it(title, scenario);
  if (process.env.E2E === "all") {
    return;
  }
  const { parent } = test;
  if (parent) {
    parent.tests = parent.tests.filter((other) => other !== test);
  }
  leaveOut(test.fullTitle(), 1);
}

const leftOut: { title: string; count: number }[] = [];

function leaveOut(title: string, count: number): void {
  if (leftOut.length === 0) {
    process.once("exit", tell);
  }
  leftOut.push({ title, count });
}

function tell(): void {
  const count = leftOut.reduce((sum, { count }) => sum + count, 0);
  const lines = leftOut.map(({ title, count }) => `    ${title} (${count})`);
  console.log(
    `  ${count} long scenarios left out, which E2E=all (make e2e-all) runs:\n${lines.join("\n")}\n`,
  );
}
