export function readSettings<T>(env: NodeJS.ProcessEnv, name: string): T {
  const text = env[name];
  if (!text) throw new Error(`the environment variable ${name} is missing`);
  return JSON.parse(text) as T;
}
