import { isCallOf } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const pairMathExtremes = defineRule(
    {
        message:
            "Math.{{name}}() uses only its first two arguments: Math.max(1, 2, 3) is 2. Nest the calls, or use a loop",
        fact: "1.2",
    },
    (_context, report) => ({
        CallExpression(node) {
            for (const name of ["max", "min"]) {
                if (!isCallOf(node, "Math", name)) continue
                const spread = node.arguments.some(argument => argument.type === "SpreadElement")
                if (spread || node.arguments.length !== 2) report(node, { name })
            }
        },
    })
)
