import { isMethodCall } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

const ARGUMENTS_MAX = 8
/** The compiler adds the format string to the arguments of console.log. */
const LOGGED_VALUES_MAX = 7

function isConsole(call) {
    const { callee } = call
    return callee.type === "MemberExpression" && callee.object.name === "console"
}

export const maxCallArguments = defineRule(
    {
        message:
            "This call has {{count}} arguments. The compiler fails with an internal error beyond {{max}}. Pass an object, or join the parts first",
        fact: "1.1",
    },
    (_context, report) => {
        function check(node) {
            const isLogging =
                node.type === "CallExpression" && isConsole(node) && !isMethodCall(node, "assert")
            const counted = isLogging
                ? node.arguments.filter(part => part.type !== "Literal")
                : node.arguments
            const max = isLogging ? LOGGED_VALUES_MAX : ARGUMENTS_MAX
            if (counted.length > max) report(node, { count: counted.length, max })
        }
        return { CallExpression: check, NewExpression: check }
    }
)
