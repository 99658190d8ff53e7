import { defineRule } from "../define-rule.js"

/** Returns whether the name marks the value as a time. In ms it exceeds 2^31 after 24.8 days of uptime, in s since 1970 in 2038. */
function isTime(node) {
    if (node.type === "CallExpression") return isTime(node.callee)
    const name = node.type === "MemberExpression" ? node.property : node
    return name.type === "Identifier" && /(Ms|Sec)$/.test(name.name)
}

/** A number beyond 31 bits, or with a fraction, is a double. devs_value_to_bool inverts the test for doubles. */
export const noTruthyTime = defineRule(
    {
        message:
            "A time can be a double (ms after 24.8 days, s after 2038), and the runtime treats every double except 0 as false. Compare it: `> 0` or `!== 0`",
        fact: "1.2",
    },
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
