// What the type-aware rules ask of TypeScript. Structure only: the names are DeviceScript's own (`Buffer`,
// arrays, strings), whichever file declares them.
import ts from "typescript"

/** The TypeScript services that the parser left with the file. */
function services(context) {
    return context.sourceCode.parserServices
}

/** The types that `type` may be: the members of a union, the bound of a type parameter. */
function alternatives(context, type) {
    const checker = services(context).program.getTypeChecker()
    const bound = type.isTypeParameter() ? checker.getBaseConstraintOfType(type) : type
    if (!bound) return []
    return bound.isUnion() ? bound.types : [bound]
}

function some(context, node, test) {
    const type = services(context).getTypeAtLocation(node)
    return alternatives(context, type).some(test)
}

/** `(x as any as T)`, `x!` -> `x`: what it is, not what it is said to be. */
export function uncast(node) {
    const casts = ["TSAsExpression", "TSTypeAssertion", "TSNonNullExpression", "TSSatisfiesExpression"]
    return casts.includes(node.type) ? uncast(node.expression) : node
}

export function isString(context, node) {
    return some(context, node, type => (type.flags & ts.TypeFlags.StringLike) !== 0)
}

export function isAny(context, node) {
    return some(context, node, type => (type.flags & ts.TypeFlags.Any) !== 0)
}

export function isBuffer(context, node) {
    return some(context, node, type => type.symbol?.name === "Buffer")
}

export function isArray(context, node) {
    const checker = services(context).program.getTypeChecker()
    return some(context, node, type => checker.isArrayType(type) || checker.isTupleType(type))
}

export function isFunction(context, node) {
    return some(context, node, type => type.getCallSignatures().length > 0)
}

export function isPromise(context, node) {
    return some(context, node, type => type.symbol?.name === "Promise")
}

/**
 * The function that `node` is or names, in whichever file it was written, as TypeScript's node; undefined
 * when there is none to be seen, as for a parameter.
 */
export function functionOf(context, node) {
    const { program, esTreeNodeToTSNodeMap } = services(context)
    const checker = program.getTypeChecker()
    const target = esTreeNodeToTSNodeMap.get(uncast(node))
    if (ts.isFunctionLike(target)) return target
    let symbol = checker.getSymbolAtLocation(target)
    if (symbol && symbol.flags & ts.SymbolFlags.Alias) symbol = checker.getAliasedSymbol(symbol)
    const declaration = symbol?.valueDeclaration
    if (!declaration) return undefined
    if (ts.isFunctionLike(declaration)) return declaration
    const value = declaration.initializer
    return value && ts.isFunctionLike(value) ? value : undefined
}
