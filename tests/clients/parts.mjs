// Finds the parts of a document that can be changed.

export function partsOf(document) {
  const parts = {
    sets: [],
    fields: [],
    selections: [],
    args: [],
    values: [],
    lists: [],
    objects: [],
    directives: [],
    operations: [],
    fragments: [],
    variables: [],
    conditions: [],
  };
  const value = (holder, key) => {
    const held = holder[key];
    parts.values.push([holder, key]);
    if (held.kind === 'list') {
      parts.lists.push(held);
      held.items.forEach((_, place) => value(held.items, place));
    }
    if (held.kind === 'object') {
      parts.objects.push(held);
      held.fields.forEach((inner) => value(inner, 'value'));
    }
  };
  const directives = (holder) => {
    parts.directives.push(holder);
    holder.directives.forEach((directive) => {
      parts.args.push(directive.args);
      directive.args.forEach((arg) => value(arg, 'value'));
    });
  };
  const set = (held, owner) => {
    if (!held) return;
    parts.sets.push(held);
    held.selections.forEach((selection, place) => {
      if (selection.kind === 'raw') return;
      parts.selections.push([held.selections, place]);
      directives(selection);
      if (selection.kind === 'field') {
        parts.fields.push([selection, held, owner]);
        parts.args.push(selection.args);
        selection.args.forEach((arg) => value(arg, 'value'));
      }
      if (selection.kind === 'inline') parts.conditions.push(selection);
      set(selection.set, selection);
    });
  };
  for (const definition of document.definitions) {
    if (definition.kind === 'raw') continue;
    directives(definition);
    if (definition.kind === 'operation') {
      parts.operations.push(definition);
      definition.variables.forEach((variable) => {
        parts.variables.push([definition, variable]);
        directives(variable);
        if (variable.default) value(variable, 'default');
      });
    } else {
      parts.fragments.push(definition);
      parts.conditions.push(definition);
    }
    set(definition.set, definition);
  }
  return parts;
}
