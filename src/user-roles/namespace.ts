/** The key of a new role's variables: its name in camelCase. */
export const namespaceOf = (name: string): string => name.replaceAll(/-+(\w)/g, (_, letter: string) => letter.toUpperCase());
