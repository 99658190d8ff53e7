import { calledName } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const noSleepZero = rule(
    "sleep(0) need not let another fiber run (facts 1.2). Use sleep(1)",
    (_context, report) => ({
        CallExpression(node) {
            if (calledName(node) === "sleep" && node.arguments[0]?.value === 0) report(node)
        },
    })
)
