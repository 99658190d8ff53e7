// ESLint configuration of `npm run lint`. Device code is checked for defects of the DeviceScript runtime (tools/lint).
import { defineConfig } from "eslint/config"
import tseslint from "typescript-eslint"
import moorage, { errorRules, relaxedInTests } from "@moorage/lint"

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

/** Rules for all code. The compiler (tsc, strict) finds undefined names and unreachable code. */
const COMMON = {
    eqeqeq: ["error", "always", { null: "ignore" }],
    "no-var": "error",
    "prefer-const": "error",
    "no-debugger": "error",
    "no-eval": "error",
    "moorage/import-direction": "error",
}

/** Host code receives the clock and random numbers as arguments (docs/internals/architecture.md, Time). */
const INJECTED =
    "Take a Clock or a Random of @moorage/runtime as an argument: a run must be a pure function of its inputs"
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
            ...errorRules,
            // Native functions of the runtime need casts, and closures need `const self = this`.
            "@typescript-eslint/no-explicit-any": "off",
            "@typescript-eslint/no-this-alias": "off",
            "@typescript-eslint/no-unused-vars": ["error", { caughtErrors: "none" }],
            // Const enums hold the limits of settings, which may be equal.
            "@typescript-eslint/no-duplicate-enum-values": "off",
        },
    },
    { files: ["devs/store/settings-store.ts"], rules: { "moorage/no-json-stringify": "off" } },
    { files: ["test/vm-suites/**/*.ts"], rules: relaxedInTests },
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
