// What sealed columns are sealed for; see SecretBox. Whoever writes one and whoever reads it must name it alike.

export const placeOfModel = (modelId: string): string => `models/${modelId}/litellm_params`;

export const placeOfCredential = (credentialId: string): string => `credentials/${credentialId}/credential_values`;
