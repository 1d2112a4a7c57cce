import * as pulumi from "@pulumi/pulumi";
import { ResourceHookRequest } from "@pulumi/pulumi/proto/resource_pb";

/** Stands in for the engine's hooks, which the SDK's mocks don't have. */

type Properties = Record<string, unknown>;

export interface Given {
  readonly oldInputs?: Properties;
  readonly newInputs?: Properties;
  readonly oldOutputs?: Properties;
  readonly newOutputs?: Properties;
}

type When = "beforeCreate" | "afterCreate" | "beforeUpdate" | "afterUpdate" | "onError";

export interface Hooks {
  /** The names of the hooks that are bound to a resource. */
  readonly bound: Readonly<Record<When, ReadonlyMap<string, readonly string[]>>>;
  readonly onDryRun: ReadonlyMap<string, boolean>;
  /** Calls a resource's hooks as the engine does, and returns the first error. */
  call(when: When, resource: string, given: Given): Promise<string | undefined>;
}

interface Registration {
  getName(): string;
  getOnDryRun(): boolean;
  getCallback(): { getToken(): string };
}

interface Binding {
  getBeforeCreateList(): string[];
  getAfterCreateList(): string[];
  getBeforeUpdateList(): string[];
  getAfterUpdateList(): string[];
  getOnErrorList(): string[];
}

/** Of the library with which the SDK writes its messages. */
interface Struct {
  readonly constructor: { fromJavaScript(properties: Properties): never };
}

interface Monitor {
  registerResourceHook(request: Registration, callback: (error: unknown) => void): void;
  registerErrorHook(request: Registration, callback: (error: unknown) => void): void;
  registerResource(
    request: {
      getName(): string;
      getObject(): Struct;
      getHooks(): Binding | undefined;
    },
    callback: unknown,
  ): unknown;
}

interface Callbacks {
  readonly _callbacks: ReadonlyMap<
    string,
    (bytes: Uint8Array) => Promise<{ getError(): string; getRetry?(): boolean }>
  >;
}

/** Call it in a rendered program, before the resources. */
export function withHooks(): Hooks {
  const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
  const { getCallbacks } = pulumi.runtime as unknown as { getCallbacks(this: void): Callbacks };
  const tokens = new Map<string, string>();
  const onDryRun = new Map<string, boolean>();
  const bound = {
    beforeCreate: new Map<string, string[]>(),
    afterCreate: new Map<string, string[]>(),
    beforeUpdate: new Map<string, string[]>(),
    afterUpdate: new Map<string, string[]>(),
    onError: new Map<string, string[]>(),
  };
  let sample: Struct | undefined;
  monitor.registerResourceHook = (request, callback) => {
    tokens.set(request.getName(), request.getCallback().getToken());
    onDryRun.set(request.getName(), request.getOnDryRun());
    callback(null);
  };
  monitor.registerErrorHook = (request, callback) => {
    tokens.set(request.getName(), request.getCallback().getToken());
    callback(null);
  };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    sample = request.getObject();
    const hooks = request.getHooks();
    const name = request.getName();
    if (hooks) {
      bound.beforeCreate.set(name, hooks.getBeforeCreateList());
      bound.afterCreate.set(name, hooks.getAfterCreateList());
      bound.beforeUpdate.set(name, hooks.getBeforeUpdateList());
      bound.afterUpdate.set(name, hooks.getAfterUpdateList());
      bound.onError.set(name, hooks.getOnErrorList());
    }
    return register(request, callback);
  };
  const callbacks = getCallbacks();
  const call = async (when: When, resource: string, given: Given) => {
    const names = bound[when].get(resource) ?? [];
    if (names.length === 0) throw new Error(`${resource} has no hook`);
    for (const name of names) {
      const answer = await callbacks._callbacks.get(tokens.get(name) ?? "")?.(
        requestOf(resource, given, sample!),
      );
      if (!answer) throw new Error(`the hook ${name} is not registered`);
      if (answer.getError()) return answer.getError();
      if (answer.getRetry?.()) return "is tried again";
    }
    return undefined;
  };
  return { bound, onDryRun, call };
}

/** What components register as their outputs. Call it in a rendered program, before the resources. */
export function withOutputs(): Properties[] {
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResourceOutputs(
      request: { getOutputs(): { toJavaScript(): Properties } },
      callback: unknown,
    ): unknown;
  };
  const registered: Properties[] = [];
  const register = monitor.registerResourceOutputs.bind(monitor);
  monitor.registerResourceOutputs = (request, callback) => {
    registered.push(request.getOutputs().toJavaScript());
    return register(request, callback);
  };
  return registered;
}

function requestOf(
  name: string,
  { oldInputs, newInputs, oldOutputs, newOutputs }: Given,
  sample: Struct,
): Uint8Array {
  const request = new ResourceHookRequest();
  const struct = (properties: Properties) => sample.constructor.fromJavaScript(properties);
  request.setName(name);
  if (oldInputs) request.setOldInputs(struct(oldInputs));
  if (newInputs) request.setNewInputs(struct(newInputs));
  if (oldOutputs) request.setOldOutputs(struct(oldOutputs));
  if (newOutputs) request.setNewOutputs(struct(newOutputs));
  return request.serializeBinary();
}
