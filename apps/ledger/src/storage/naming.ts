// The schema of all tables, and their columns: properties in camelCase, columns in snake_case.
import { DefaultNamingStrategy } from 'typeorm';

export const SCHEMA = 'turnpike';

export const columnOf = (property: string): string =>
  property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export class SnakeCaseNaming extends DefaultNamingStrategy {
  override columnName(property: string, custom: string | undefined): string {
    return custom ?? columnOf(property);
  }
}
