"""Prints, as JSON, the CloudFormation that a SAM template becomes. Works offline."""

import json
import os
import sys

from samcli.lib.samlib.resource_metadata_normalizer import ResourceMetadataNormalizer
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

# Any region does: nothing is asked of it.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
ResourceMetadataNormalizer.normalize(template)
for resource in template["Resources"].values():
    # `sam package` uploads the code and puts its address here; translation asks for one.
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
template.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
json.dump(Translator({}, Parser()).translate(template, {}), sys.stdout, indent=1, default=str)
