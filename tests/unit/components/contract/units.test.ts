import { expect } from "chai";
import * as fc from "fast-check";
import {
  bytesAsText,
  duration,
  isDnsLabel,
  isDnsName,
  nearest,
  quantity,
} from "../../../../components/contract/units";
import { parseKnownVersion } from "../../../../components/contract/versions";

describe("quantities", () => {
  it("are read as Kubernetes reads them", () => {
    const read = Object.fromEntries(
      [
        "0",
        "1",
        "250m",
        "1.5",
        "1k",
        "2M",
        "3G",
        "1T",
        "1P",
        "1Ki",
        "1536Ki",
        "1Mi",
        "2Gi",
        "1.5Gi",
        "1Ti",
        "1Pi",
        "1Ei",
        "1E",
        "7n",
        "5u",
        "1e3",
        "1E3",
        "12e-1",
        "1e+10",
        "+1",
        ".5",
        "1.",
        "4.35G",
      ].map((text) => [text, quantity(text)]),
    );
    expect(read).to.deep.equal({
      "0": 0,
      "1": 1,
      "250m": 0.25,
      "1.5": 1.5,
      "1k": 1000,
      "2M": 2_000_000,
      "3G": 3_000_000_000,
      "1T": 1e12,
      "1P": 1e15,
      "1Ki": 1024,
      "1536Ki": 1_572_864,
      "1Mi": 1_048_576,
      "2Gi": 2_147_483_648,
      "1.5Gi": 1_610_612_736,
      "1Ti": 1_099_511_627_776,
      "1Pi": 1_125_899_906_842_624,
      "1Ei": 2 ** 60,
      "1E": 1e18,
      "7n": 7e-9,
      "5u": 5e-6,
      "1e3": 1000,
      "1E3": 1000,
      "12e-1": 1.2,
      "1e+10": 1e10,
      "+1": 1,
      ".5": 0.5,
      "1.": 1,
      "4.35G": 4_350_000_000,
    });
  });

  it("reject anything else", () => {
    for (const text of [
      "",
      "Gi",
      "-1",
      "--1",
      "1 Gi",
      "1gi",
      "1K",
      "1e3Ki",
      ".",
      "8Ei",
      "0x10",
      "1GiB",
      " 1",
      "1\n",
    ]) {
      expect(quantity(text), JSON.stringify(text)).to.equal(undefined);
    }
  });

  it("are formatted as text of the same value", () => {
    expect(bytesAsText(2 ** 31)).to.equal("2Gi");
    expect(bytesAsText(2730 * 2 ** 20)).to.equal("2730Mi");
    expect(bytesAsText(1536)).to.equal("1536");
    expect(bytesAsText(3072)).to.equal("3Ki");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (bytes) => {
        expect(quantity(bytesAsText(bytes))).to.equal(bytes);
      }),
    );
  });
});

describe("durations", () => {
  it("are read as Go reads them", () => {
    expect(
      Object.fromEntries(
        ["1s", "1m", "1h", "1h30m", "1.5h", "500ms", "1h0m0s", "90m", "0s", "1m1m"].map((t) => [
          t,
          duration(t),
        ]),
      ),
    ).to.deep.equal({
      "1s": 1,
      "1m": 60,
      "1h": 3600,
      "1h30m": 5400,
      "1.5h": 5400,
      "500ms": 0.5,
      "1h0m0s": 3600,
      "90m": 5400,
      "0s": 0,
      "1m1m": 120,
    });
  });

  it("reject anything else", () => {
    for (const text of ["", "1", "h", "-1h", "1d", "1 h", "1h 30m", "1H", "1hour", "0"]) {
      expect(duration(text), JSON.stringify(text)).to.equal(undefined);
    }
  });
});

describe("names", () => {
  it("are DNS labels", () => {
    for (const good of ["a", "1", "a-b", "a1", "a".repeat(63)]) {
      expect(isDnsLabel(good), good).to.equal(true);
    }
    for (const bad of ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a b", "a\n", "a".repeat(64)]) {
      expect(isDnsLabel(bad), JSON.stringify(bad)).to.equal(false);
    }
  });

  it("are DNS names, of 253 characters at most", () => {
    for (const good of ["a", "a.b", "cluster.local", Array(4).fill("a".repeat(62)).join(".")]) {
      expect(isDnsName(good), good).to.equal(true);
    }
    for (const bad of ["", ".", "a.", ".a", "a..b", "*.a", Array(64).fill("aaa").join(".")]) {
      expect(isDnsName(bad), bad).to.equal(false);
    }
  });
});

describe("the nearest name", () => {
  const names = ["members", "etcd", "storage", "snapshot-count"];

  it("is the one that was probably meant", () => {
    expect(nearest("member", names)).to.equal("members");
    expect(nearest("mmebers", names)).to.equal("members");
    expect(nearest("snapshot-cuont", names)).to.equal("snapshot-count");
    expect(nearest("stroage", names)).to.equal("storage");
    expect(nearest("etcd", names)).to.equal("etcd");
  });

  it("is undefined if no name is close", () => {
    expect(nearest("replicas", names)).to.equal(undefined);
    expect(nearest("x", [])).to.equal(undefined);
  });
});

describe("versions", () => {
  it("are three numbers with a known minor", () => {
    expect(parseKnownVersion("3.6.16")).to.deep.equal({ text: "3.6.16", minor: "3.6", patch: 16 });
    for (const text of [
      "",
      "3.6",
      "v3.6.16",
      "3.6.16-rc.0",
      "3.66.1",
      "13.6.1",
      "3.4.1",
      "4.0.0",
      "3.6.16\n",
    ]) {
      expect(parseKnownVersion(text), JSON.stringify(text)).to.equal(undefined);
    }
  });
});
