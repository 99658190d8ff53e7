import { isCallOf } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const pairMathExtremes = rule(
    "Math.{{name}}() looks at two arguments only: Math.max(1, 2, 3) is 2 (facts 1.2). Nest the calls, or loop",
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
