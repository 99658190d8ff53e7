import { isBuffer } from "../type-queries.js"
import { isMethodCall, isNegated } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

export const noNegativeSlice = rule(
    "slice() of a buffer with a negative index returns zeroes of the wrong length (facts 1.2). Count from the start: slice(buffer.length - n)",
    (context, report) => ({
        CallExpression(node) {
            if (!isMethodCall(node, "slice") || !node.arguments.some(isNegated)) return
            if (isBuffer(context, node.callee.object)) report(node)
        },
    })
)
