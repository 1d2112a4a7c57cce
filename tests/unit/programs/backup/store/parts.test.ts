import { expect } from "chai";
import fc from "fast-check";
import { Parts } from "../../../../../programs/backup/store/parts";
import { pieces } from "../fixtures";

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a stream in parts", () => {
  it("arrives whole and in parts of one size, whatever it comes in and whatever the order of the answers", () =>
    fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 2, max: 4 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 7 }),
        fc.boolean(),
        async (data, lengths, size, buffers, turns, patient) => {
          const sent = new Map<number, Buffer>();
          let [now, most] = [0, 0];
          const parts = new Parts(size, buffers, async (number, bytes, last) => {
            most = Math.max(most, ++now);
            expect(bytes.length === size || last).to.equal(true);
            for (let i = 0; i < (turns[number % turns.length] ?? 0); i++) await turn();
            // Only now: whoever overwrites it too early is found out.
            sent.set(number, Buffer.from(bytes));
            now -= 1;
          });
          const waits: Promise<void>[] = [];
          for (const piece of pieces(Buffer.from(data), lengths)) {
            const own = Buffer.from(piece);
            const until = parts.write(own);
            own.fill(0xee);
            if (until && patient) await until;
            else if (until) waits.push(until);
          }
          const count = await parts.finish();
          await Promise.all(waits);
          expect(count).to.equal(Math.ceil(data.length / size));
          const all = Array.from({ length: count }, (_, i) => sent.get(i + 1) ?? Buffer.alloc(0));
          expect(Buffer.concat(all).equals(data)).to.equal(true);
          expect(most).to.be.at.most(buffers);
        },
      ),
      { numRuns: 300 },
    ));

  it("tells at the next piece, or at the end, what went wrong; and waits for what is on its way", async () => {
    let open = 0;
    const parts = new Parts(10, 2, async (number) => {
      open += 1;
      for (let i = 0; i < 5 * number; i++) await turn();
      open -= 1;
      if (number === 1) throw new Error("the disk");
    });
    const until = parts.write(Buffer.alloc(100));
    const error = await until?.catch((e: Error) => e.message);
    expect(error).to.equal("the disk");
    const again = await parts.write(Buffer.alloc(1))?.catch((e: Error) => e.message);
    expect(again).to.equal("the disk");
    const end = await parts.finish().catch((e: Error) => e.message);
    expect(end).to.equal("the disk");
    await parts.settled();
    expect(open).to.equal(0);
  });
});
