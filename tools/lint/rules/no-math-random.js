import { isCallOf } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const noMathRandom = defineRule(
    {
        message:
            "Math.random() returns the same sequence on every simulated board, so that a whole fleet retries at the same moment. Use random() of devs/auth/crypto.ts",
        fact: "1.2",
    },
    (_context, report) => ({
        CallExpression(node) {
            if (isCallOf(node, "Math", "random")) report(node)
        },
    })
)
