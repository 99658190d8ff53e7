import { isMethodCall, isNegated } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

/** Removing one element is allowed: pop() and shift() do the same after they have checked the length. */
function isOne({ argument }) {
    return argument.value === 1
}

export const noNegativeInsert = defineRule(
    {
        message:
            "insert() with a negative count aborts the chip when fewer elements are left. Use shift() or pop(), or remove one element at a time: insert(i, -1) with i < length",
        fact: "D5",
    },
    (_context, report) => ({
        CallExpression(node) {
            if (!isMethodCall(node, "insert")) return
            const [, count] = node.arguments
            if (isNegated(count) && !isOne(count)) report(node)
        },
    })
)
