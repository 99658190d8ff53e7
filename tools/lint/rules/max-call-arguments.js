import { isMethodCall } from "../syntax-queries.js"
import { rule } from "../define-rule.js"

const ARGUMENTS_MAX = 8
/** console.log adds the format string. */
const LOGGED_MAX = 7

function isConsole(call) {
    const { callee } = call
    return callee.type === "MemberExpression" && callee.object.name === "console"
}

export const maxCallArguments = rule(
    "{{count}} arguments: the compiler breaks down beyond {{max}} (facts 1.1). Pass an object, or join the parts first",
    (_context, report) => {
        function check(node) {
            const logs = node.type === "CallExpression" && isConsole(node) && !isMethodCall(node, "assert")
            const counted = logs ? node.arguments.filter(part => part.type !== "Literal") : node.arguments
            const max = logs ? LOGGED_MAX : ARGUMENTS_MAX
            if (counted.length > max) report(node, { count: counted.length, max })
        }
        return { CallExpression: check, NewExpression: check }
    }
)
