import { isBuffer } from "../type-queries.js"
import { isMethodCall, isNegated } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

export const noNegativeSlice = defineRule(
    {
        message:
            "slice() of a buffer with a negative index returns zero bytes of the wrong length. Count from the start: slice(buffer.length - n)",
        fact: "1.2",
    },
    (context, report) => ({
        CallExpression(node) {
            if (!isMethodCall(node, "slice") || !node.arguments.some(isNegated)) return
            if (isBuffer(context, node.callee.object)) report(node)
        },
    })
)
