"""What the action configure-aws-credentials does with OpenID Connect."""

import json
import os
import sys
import urllib.request
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

url = os.environ.get("ACTIONS_ID_TOKEN_REQUEST_URL")
if not url:
    sys.exit("Credentials could not be loaded: the job has no permission id-token: write")
request = urllib.request.Request(
    f"{url}&audience=sts.amazonaws.com",
    headers={"Authorization": f"bearer {os.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
)
with urllib.request.urlopen(request) as answer:
    token = json.load(answer)["value"]
sts = boto3.client("sts", os.environ["AWS_REGION"], config=Config(signature_version=UNSIGNED))
try:
    credentials = sts.assume_role_with_web_identity(
        RoleArn=os.environ["ROLE"],
        RoleSessionName=os.environ["SESSION"],
        WebIdentityToken=token,
    )["Credentials"]
except ClientError as error:
    sys.exit(f"Could not assume role with OIDC: {error}")
with Path(os.environ["GITHUB_ENV"]).open("a") as file:
    file.write(f"AWS_REGION={os.environ['AWS_REGION']}\n")
    file.write(f"AWS_DEFAULT_REGION={os.environ['AWS_REGION']}\n")
    file.write(f"AWS_ACCESS_KEY_ID={credentials['AccessKeyId']}\n")
    file.write(f"AWS_SECRET_ACCESS_KEY={credentials['SecretAccessKey']}\n")
    file.write(f"AWS_SESSION_TOKEN={credentials['SessionToken']}\n")
