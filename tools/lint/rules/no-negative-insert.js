import { isMethodCall, isNegated } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

/** One element, which the code before it has looked at, is what pop() and shift() themselves take out. */
function isOne({ argument }) {
    return argument.value === 1
}

export const noNegativeInsert = rule(
    "insert() with a negative count aborts the chip when fewer elements are left (facts D5). Use shift() or pop(), or take one at a time: insert(i, -1) with i < length",
    (_context, report) => ({
        CallExpression(node) {
            if (!isMethodCall(node, "insert")) return
            const [, count] = node.arguments
            if (isNegated(count) && !isOne(count)) report(node)
        },
    })
)
