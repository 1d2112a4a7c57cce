import * as pulumi from "@pulumi/pulumi";
import { TlsProvider } from "./tls";
import type { TlsState } from "./tls-state";

/** Runs a Pulumi program without an engine, and returns the resources that it would create. */

export interface RenderOptions {
  readonly project?: string;
  readonly stack?: string;
  /** Full keys, such as `etcd:members`; values as Pulumi stores them, objects as JSON. */
  readonly config?: Record<string, string>;
  /** As in a preview: values that a provider computes are unknown. */
  readonly preview?: boolean;
  readonly tls?: TlsState;
}

export interface RenderedResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly parent: string;
  readonly protect: boolean;
  /** Names from earlier releases under which the engine may know the resource. */
  readonly aliases: string[];
  readonly dependencies: string[];
  /**
   * For each input the resources whose outputs it contains. If one of them is replaced, the engine replaces this one.
   */
  readonly propertyDependencies: Record<string, string[]>;
  /** Paths of inputs that the program doesn't change once the resource exists. */
  readonly ignoreChanges: string[];
  /** How long the engine lets the provider wait; empty for the provider's default. */
  readonly timeouts: { readonly create: string; readonly update: string };
  readonly urn: string;
}

export interface Rendered<T> {
  /** In the order of registration: a resource comes after those that it depends on. */
  readonly resources: RenderedResource[];
  readonly result: T;
  readonly tls: TlsState;
}

interface Registration {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProtect(): boolean;
  getAliasesList(): { getSpec(): { getName(): string } | undefined }[];
  getDependenciesList(): string[];
  getPropertydependenciesMap(): {
    forEach(visit: (from: { getUrnsList(): string[] }, input: string) => void): void;
  };
  getIgnorechangesList(): string[];
  getCustomtimeouts(): { getCreate(): string; getUpdate(): string } | undefined;
}

interface Monitor {
  registerResource(
    request: Registration,
    callback: (error: unknown, response?: { getUrn(): string }) => void,
  ): Promise<void>;
}

/** `program` imports the module under test itself, after the mocks are in place. */
export async function render<T>(
  program: () => T | Promise<T>,
  options: RenderOptions = {},
): Promise<Rendered<T>> {
  const provider = new TlsProvider(options.tls);
  const resources: RenderedResource[] = [];
  const inputsOf = new Map<string, Record<string, unknown>>();

  await pulumi.runtime.setMocks(
    {
      call: (args) => {
        throw new Error(`provider functions aren't supported here, but the program called ${args.token}`);
      },
      newResource: async (args) => {
        const inputs = args.inputs as Record<string, unknown>;
        inputsOf.set(`${args.type}::${args.name}`, inputs);
        if (!args.type.startsWith("tls:")) {
          return { id: `${args.name}-id`, state: inputs };
        }
        const made = options.preview
          ? {}
          : await provider.create(args.type, args.name, plain(inputs) as Record<string, unknown>);
        return { id: `${args.name}-id`, state: { ...inputs, ...made } };
      },
    },
    options.project ?? "etcd",
    options.stack ?? "test",
    options.preview ?? false,
  );
  pulumi.runtime.setAllConfig(options.config ?? {});
  recordRegistrations((request, urn) =>
    resources.push({
      type: request.getType(),
      name: request.getName(),
      inputs: inputsOf.get(`${request.getType()}::${request.getName()}`) ?? {},
      parent: request.getParent(),
      protect: request.getProtect(),
      aliases: request.getAliasesList().flatMap((alias) => alias.getSpec()?.getName() || []),
      dependencies: request.getDependenciesList(),
      propertyDependencies: propertyDependencies(request),
      ignoreChanges: request.getIgnorechangesList(),
      timeouts: {
        create: request.getCustomtimeouts()?.getCreate() ?? "",
        update: request.getCustomtimeouts()?.getUpdate() ?? "",
      },
      urn,
    }),
  );

  const result = await orFailure(async () => {
    const made = await program();
    await pulumi.runtime.disconnect();
    await endOfTurn();
    return made;
  });
  return { resources, result, tls: provider.used };
}

/** Then the process has received the event of every unhandled rejection so far. */
const endOfTurn = () => new Promise((resolve) => setTimeout(resolve));

/** A failed registration never settles: the SDK leaves an unhandled rejection. This turns it into an error. */
async function orFailure<T>(work: () => Promise<T>): Promise<T> {
  const event = "unhandledRejection";
  const others = process.listeners(event);
  process.removeAllListeners(event);
  try {
    return await new Promise<T>((resolve, reject) => {
      process.on(event, reject);
      work().then(resolve, reject);
    });
  } finally {
    await endOfTurn();
    process.removeAllListeners(event);
    others.forEach((listener) => process.on(event, listener));
  }
}

/** The mocks' arguments lack parent, protection and dependencies. The requests to their monitor have them. */
function recordRegistrations(record: (request: Registration, urn: string) => void): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) =>
    register(request, (error, response) => {
      if (!error && response) {
        record(request, response.getUrn());
      }
      callback(error, response);
    });
}

function propertyDependencies(request: Registration): Record<string, string[]> {
  const from: Record<string, string[]> = {};
  request.getPropertydependenciesMap().forEach((urns, input) => (from[input] = urns.getUrnsList()));
  return from;
}

/** Unwraps secrets. */
export function plain(value: unknown): unknown {
  return mapSecrets(value, (secret) => secret);
}

/** Replaces every secret. */
export function redacted(value: unknown): unknown {
  return mapSecrets(value, () => "[secret]");
}

function mapSecrets(value: unknown, replace: (secret: unknown) => unknown): unknown {
  if (pulumi.runtime.isRpcSecret(value)) {
    return replace(mapSecrets(pulumi.runtime.unwrapRpcSecret(value), replace));
  }
  if (Array.isArray(value)) {
    return value.map((item) => mapSecrets(item, replace));
  }
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapSecrets(item, replace)]));
  }
  return value;
}
