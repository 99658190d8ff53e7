import { calledName } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const noSleepZero = defineRule(
    { message: "sleep(0) does not guarantee that other fibers run. Use sleep(1)", fact: "1.2" },
    (_context, report) => ({
        CallExpression(node) {
            if (calledName(node) === "sleep" && node.arguments[0]?.value === 0) report(node)
        },
    })
)
