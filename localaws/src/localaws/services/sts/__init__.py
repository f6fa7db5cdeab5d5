"""AssumeRoleWithWebIdentity with the checks of AWS; moto answers the rest of STS.

    identity_token   the token: registered provider, signature, audience, times
    trust_policy     whether a role trusts the token
    web_identity     the operation, in place of moto's

Everything that a role may be refused for is refused with AWS's code. Where AWS documents no sentence, the one
here says what was found.
"""
