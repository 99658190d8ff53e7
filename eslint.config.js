// What `npm test` lints. Device code gets the traps of its runtime (tools/lint), host code the usual care.
import { defineConfig } from "eslint/config"
import tseslint from "typescript-eslint"
import moorage, { testFreedoms, trapsAsErrors } from "./tools/lint/index.js"

const DEVICE = ["devs/**/*.ts", "src/**/*.ts", "test/vm-suites/**/*.ts"]
const HOST = [
    "tools/**/*.ts",
    "test/unit/**/*.ts",
    "test/firmware/**/*.ts",
    "test/helpers/**/*.ts",
    "test/conformance/**/*.ts",
    "test/bench/**/*.ts",
    "*.ts",
]
const SCRIPTS = ["*.js", "tools/**/*.js", "tools/**/*.mjs"]

const typed = project => ({ parserOptions: { project, tsconfigRootDir: import.meta.dirname } })

/** Rules for all code; types (tsc, strict) already find what is undefined or unreachable. */
const COMMON = {
    eqeqeq: ["error", "always", { null: "ignore" }],
    "no-var": "error",
    "prefer-const": "error",
    "no-debugger": "error",
    "no-eval": "error",
    "moorage/import-direction": "error",
}

/** Time and chance come in as arguments (ARCHITECTURE, "Time, in the emulator and the simulator"). */
const INJECTED = "Take a Clock or a Random from @moorage/runtime: a run must be a pure function of its inputs"
const withMessage = names => names.map(name => ({ name, message: INJECTED }))
const TIMERS = ["setTimeout", "setInterval", "setImmediate"]
const RESTRICTED_GLOBALS = withMessage([...TIMERS, "performance"])

const INJECTED_TIME = {
    "no-restricted-globals": ["error", ...RESTRICTED_GLOBALS],
    "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: INJECTED },
        { object: "Math", property: "random", message: INJECTED },
        { object: "process", property: "hrtime", message: INJECTED },
        ...TIMERS.map(property => ({ object: "globalThis", property, message: INJECTED })),
    ],
    "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: INJECTED },
        { selector: "CallExpression[callee.name='Date']", message: INJECTED },
    ],
    "no-restricted-imports": [
        "error",
        ...withMessage(["timers", "timers/promises", "perf_hooks"].flatMap(name => [name, `node:${name}`])),
    ],
}

export default defineConfig(
    { ignores: ["node_modules/", "build/", ".devicescript/", "**/*.d.ts"] },
    { linterOptions: { reportUnusedDisableDirectives: "error" }, plugins: { moorage } },
    { files: SCRIPTS, rules: { ...COMMON, "no-unused-vars": ["error", { argsIgnorePattern: "^_" }] } },
    { files: [...DEVICE, ...HOST], extends: [tseslint.configs.recommended], rules: COMMON },
    {
        files: DEVICE,
        languageOptions: typed("./tsconfig.device.json"),
        rules: {
            ...trapsAsErrors,
            // The runtime's natives are reached by casts, and closures by `const self = this`.
            "@typescript-eslint/no-explicit-any": "off",
            "@typescript-eslint/no-this-alias": "off",
            "@typescript-eslint/no-unused-vars": ["error", { caughtErrors: "none" }],
        },
    },
    { files: ["devs/store/settings-store.ts"], rules: { "moorage/no-json-stringify": "off" } },
    { files: ["test/vm-suites/**/*.ts"], rules: testFreedoms },
    {
        files: HOST,
        languageOptions: typed("./tsconfig.json"),
        rules: {
            "@typescript-eslint/no-floating-promises": "error",
            "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false } }],
            "@typescript-eslint/await-thenable": "error",
            "@typescript-eslint/only-throw-error": "error",
            "@typescript-eslint/no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_" }],
        },
    },
    { files: ["tools/**/*.ts"], ignores: ["tools/runtime/system-clock.ts"], rules: INJECTED_TIME }
)
