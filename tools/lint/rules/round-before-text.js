import { isString } from "../type-queries.js"
import { calledName, isCallOf } from "../syntax-queries.js"
import { defineRule } from "../define-rule.js"

const FRACTIONAL_MATH = [
    "sqrt",
    "cbrt",
    "log",
    "log2",
    "log10",
    "exp",
    "random",
    "sin",
    "cos",
    "tan",
    "atan2",
]

/** Returns whether an expression can have a fraction by its form, for example `a / b` or `0.5 * x`. Values are not known. */
function isFractional(node) {
    switch (node.type) {
        case "Literal":
            return typeof node.value === "number" && !Number.isInteger(node.value)
        case "UnaryExpression":
            return node.operator === "-" && isFractional(node.argument)
        case "BinaryExpression":
            if (node.operator === "/") return true
            return "+-*%".includes(node.operator) && (isFractional(node.left) || isFractional(node.right))
        case "ConditionalExpression":
            return isFractional(node.consequent) || isFractional(node.alternate)
        case "CallExpression":
            return FRACTIONAL_MATH.some(name => isCallOf(node, "Math", name))
        default:
            return false
    }
}

/** Returns the expressions in the argument of JSON.stringify whose values it writes. */
function jsonValues(node) {
    if (node?.type === "ObjectExpression") {
        return node.properties.flatMap(property => (property.value ? jsonValues(property.value) : []))
    }
    if (node?.type === "ArrayExpression") return node.elements.flatMap(jsonValues)
    return node ? [node] : []
}

export const roundBeforeText = defineRule(
    {
        message:
            "A number with a fraction becomes invalid text: 9.99999999 prints as `:`. Round it first, or print thousandths as an integer",
        fact: "D3",
    },
    (context, report) => {
        const check = node => {
            if (isFractional(node)) report(node)
        }
        return {
            TemplateLiteral: node => node.expressions.forEach(check),
            "BinaryExpression[operator='+']"({ left, right }) {
                if (isFractional(left) && isString(context, right)) report(left)
                if (isFractional(right) && isString(context, left)) report(right)
            },
            CallExpression(node) {
                if (calledName(node) === "stringify") jsonValues(node.arguments[0]).forEach(check)
            },
        }
    }
)
