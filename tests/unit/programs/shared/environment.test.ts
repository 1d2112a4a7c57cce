import { expect } from "chai";
import { Environment } from "../../../../programs/shared/environment";
import { list, optional, shape, text } from "../../../../programs/shared/schema";

describe("a program's environment", () => {
  const env = new Environment({
    NAME: "etcd",
    EMPTY: "",
    PORT: "2383",
    HIGH: "65536",
    HALF: "1.5",
    JSON: '{"urls":[5]}',
  });

  it("is read, or says which variable is wrong, and how", () => {
    expect(env.text("NAME")).to.equal("etcd");
    expect(env.port("PORT")).to.equal(2383);
    expect(() => env.text("OTHER")).to.throw("the variable OTHER is missing");
    expect(() => env.text("EMPTY")).to.throw("the variable EMPTY is missing");
    expect(env.maybe("NAME")).to.equal("etcd");
    expect(env.maybe("OTHER")).to.equal(undefined);
    expect(() => env.maybe("EMPTY")).to.throw("the variable EMPTY is missing");
    expect(() => env.port("HIGH")).to.throw("HIGH is not a whole number from 1 to 65535");
    expect(() => env.whole("HALF", 1)).to.throw("HALF is not a whole number from 1");
    expect(() => env.whole("NAME", 1)).to.throw("NAME is not a whole number from 1");
  });

  it("has JSON in it", () => {
    const urls = shape<{ urls: readonly string[]; name?: string }>({
      urls: list(text),
      name: optional(text),
    });
    expect(new Environment({ A: '{"urls":["a"]}' }).json("A", urls)).to.deep.equal({ urls: ["a"] });
    expect(() => env.json("JSON", urls)).to.throw("JSON: urls[0] is not a string");
    expect(() => env.json("NAME", urls)).to.throw("NAME: it is not JSON");
  });
});
