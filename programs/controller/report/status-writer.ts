import type { Clock } from "../../shared/clock";
import { withoutNumbers } from "./without-numbers";

export type StatusData = Readonly<Record<string, string>>;

/** How often data is written if only numbers in it change. */
const COUNTING_MS = 2000;
/** How often unchanged data is applied again, in case the ConfigMap was deleted. Otherwise that has no effect. */
const AGAIN_MS = 30_000;

/** Writes a ConfigMap until it has the data that was posted last. */
export class StatusWriter {
  private wanted: StatusData | undefined;
  private written: { readonly data: StatusData; readonly atMs: number } | undefined;
  private working = false;

  constructor(
    private readonly write: (data: StatusData) => Promise<void>,
    private readonly steady: Clock,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** The data of the last write. */
  get current(): StatusData | undefined {
    return this.written?.data;
  }

  /** Whether the last write had the same data. */
  same(data: StatusData): boolean {
    const before = this.written?.data;
    return before !== undefined && Object.keys(data).every((key) => data[key] === before[key]);
  }

  /** Returns at once. `extra` is written along with the data. A change of it alone isn't written. */
  post(data: StatusData, extra: StatusData = {}): void {
    if (!this.due(data)) return;
    this.wanted = { ...data, ...extra };
    if (!this.working) void this.writeAll();
  }

  private due(data: StatusData): boolean {
    if (this.working || !this.written) return true;
    const age = this.steady() - this.written.atMs;
    if (this.same(data)) return age >= AGAIN_MS;
    const before = this.written.data;
    const onlyNumbersChange = Object.keys(data).every(
      (key) => withoutNumbers(data[key] ?? "") === withoutNumbers(before[key] ?? ""),
    );
    return !onlyNumbersChange || age >= COUNTING_MS;
  }

  private async writeAll(): Promise<void> {
    this.working = true;
    while (this.wanted) {
      const data = this.wanted;
      this.wanted = undefined;
      try {
        await this.write(data);
        this.written = { data, atMs: this.steady() };
      } catch (error) {
        this.written = undefined;
        this.failed(error);
      }
    }
    this.working = false;
  }
}
