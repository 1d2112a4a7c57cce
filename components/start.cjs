// What `require` of this folder loads. To the Pulumi CLI it is a plugin, to everybody else the library.
const { readFileSync } = require("node:fs");

if (/[\\/]cmd[\\/]run-plugin[\\/]/.test(module.parent?.filename ?? "")) {
  // Pulumi's host compiles sources each time it starts, with the options of whatever program uses the package. Here
  // they are only transpiled, and always in the same way.
  require.extensions[".ts"] = (module, fileName) => {
    const { ModuleKind, ScriptTarget, transpileModule } = require("typescript");
    const compilerOptions = {
      target: ScriptTarget.ES2022,
      module: ModuleKind.CommonJS,
      esModuleInterop: true,
      inlineSourceMap: true,
    };
    const source = readFileSync(fileName, "utf8");
    module._compile(transpileModule(source, { fileName, compilerOptions }).outputText, fileName);
  };
  require("./plugin");
} else {
  module.exports = require("./index");
}
