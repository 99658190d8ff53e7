// ESLint plugin: rules for the defects of the DeviceScript runtime that its compiler does not report, and a rule for the
// imports of this repository. Plain JavaScript, because ESLint loads the plugin without a build step.
import { awaitDirectly } from "./rules/await-directly.js"
import { fiberRootCatch } from "./rules/fiber-root-catch.js"
import { importDirection } from "./rules/import-direction.js"
import { maxCallArguments } from "./rules/max-call-arguments.js"
import { maxTemplateHoles } from "./rules/max-template-holes.js"
import { noBrokenImport } from "./rules/no-broken-import.js"
import { noBusyWait } from "./rules/no-busy-wait.js"
import { noCollectionProperty } from "./rules/no-collection-property.js"
import { noJsonStringify } from "./rules/no-json-stringify.js"
import { noLoopClosure } from "./rules/no-loop-closure.js"
import { noMathRandom } from "./rules/no-math-random.js"
import { noNegativeInsert } from "./rules/no-negative-insert.js"
import { noNegativeSlice } from "./rules/no-negative-slice.js"
import { noOptionalChainPair } from "./rules/no-optional-chain-pair.js"
import { noParseIntRadix } from "./rules/no-parse-int-radix.js"
import { noReplacedModule } from "./rules/no-replaced-module.js"
import { noSignedRead } from "./rules/no-signed-read.js"
import { noSleepZero } from "./rules/no-sleep-zero.js"
import { noStringOrder } from "./rules/no-string-order.js"
import { noTruthyTime } from "./rules/no-truthy-time.js"
import { noThisInArrow } from "./rules/no-this-in-arrow.js"
import { noTopLevelAwait } from "./rules/no-top-level-await.js"
import { noUnsupportedSyntax } from "./rules/no-unsupported-syntax.js"
import { pairMathExtremes } from "./rules/pair-math-extremes.js"
import { recvTimeout } from "./rules/recv-timeout.js"
import { roundBeforeText } from "./rules/round-before-text.js"
import { sortComparator } from "./rules/sort-comparator.js"

/** Rules for code that runs on a board. */
const deviceRules = {
    "await-directly": awaitDirectly,
    "fiber-root-catch": fiberRootCatch,
    "max-call-arguments": maxCallArguments,
    "max-template-holes": maxTemplateHoles,
    "no-broken-import": noBrokenImport,
    "no-busy-wait": noBusyWait,
    "no-collection-property": noCollectionProperty,
    "no-json-stringify": noJsonStringify,
    "no-loop-closure": noLoopClosure,
    "no-math-random": noMathRandom,
    "no-negative-insert": noNegativeInsert,
    "no-negative-slice": noNegativeSlice,
    "no-optional-chain-pair": noOptionalChainPair,
    "no-parse-int-radix": noParseIntRadix,
    "no-replaced-module": noReplacedModule,
    "no-signed-read": noSignedRead,
    "no-sleep-zero": noSleepZero,
    "no-string-order": noStringOrder,
    "no-truthy-time": noTruthyTime,
    "no-this-in-arrow": noThisInArrow,
    "no-top-level-await": noTopLevelAwait,
    "no-unsupported-syntax": noUnsupportedSyntax,
    "pair-math-extremes": pairMathExtremes,
    "recv-timeout": recvTimeout,
    "round-before-text": roundBeforeText,
    "sort-comparator": sortComparator,
}

export const rules = { ...deviceRules, "import-direction": importDirection }

/** Configuration for `devs/` and `src/`: every device rule as an error. */
export const errorRules = Object.fromEntries(
    Object.keys(deviceRules).map(name => [`moorage/${name}`, "error"])
)

/** Rules that do not apply to tests, where the worst effect is a failed test and not a reset board. */
const NOT_IN_TESTS = [
    "fiber-root-catch",
    "no-json-stringify",
    "no-math-random",
    "no-replaced-module",
    "no-top-level-await",
    "recv-timeout",
    "round-before-text",
]

/** Configuration for `test/vm-suites/`, on top of `errorRules`. */
export const relaxedInTests = Object.fromEntries(NOT_IN_TESTS.map(name => [`moorage/${name}`, "off"]))

export default { meta: { name: "@moorage/lint" }, rules }
