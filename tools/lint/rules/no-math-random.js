import { isCallOf } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const noMathRandom = rule(
    "Math.random() gives every simulated board the same sequence, so that a fleet retries in step (facts 1.2). Use random() of devs/auth/crypto",
    (_context, report) => ({
        CallExpression(node) {
            if (isCallOf(node, "Math", "random")) report(node)
        },
    })
)
