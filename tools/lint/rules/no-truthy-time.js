import { rule } from "../define-rule.js"

/** What is named a time: in ms it passes 2^31 after 24.8 days of uptime, in s since 1970 in January 2038. */
function isTime(node) {
    if (node.type === "CallExpression") return isTime(node.callee)
    const name = node.type === "MemberExpression" ? node.property : node
    return name.type === "Identifier" && /(Ms|Sec)$/.test(name.name)
}

/** A number beyond 31 bits, or with a fraction, is a double, and devs_value_to_bool has doubles the wrong way round. */
export const noTruthyTime = rule(
    "a time can be a double (ms after 24.8 days, s after 2038), and the runtime takes a double for false unless it is 0: compare it, `> 0` or `!== 0` (facts 1.2 lacks it: value.c, devs_value_to_bool)",
    (_context, report) => {
        const check = node => {
            if (isTime(node)) report(node)
        }
        return {
            IfStatement: node => check(node.test),
            ConditionalExpression: node => check(node.test),
            WhileStatement: node => check(node.test),
            ForStatement: node => node.test && check(node.test),
            LogicalExpression: node => check(node.left),
            UnaryExpression: node => node.operator === "!" && check(node.argument),
        }
    }
)
