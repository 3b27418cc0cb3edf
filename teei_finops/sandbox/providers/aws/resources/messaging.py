# ruff: noqa: ARG002 every maker is called in the same way
"""SQS queues and SNS topics."""

from collections.abc import Mapping
from typing import Any

from teei_finops.sandbox.providers.aws.resources.resource_handler import (
    Clients,
    Made,
    Maker,
    RefusedError,
    json_text,
    makes,
    tag_list,
)

_NO_QUEUE = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"]
# The attribute for each property, and the range SQS takes (SQS API 2012-11-05, SetQueueAttributes, 2026-11).
_QUEUE = {
    "delaySeconds": ("DelaySeconds", 0, 900),
    "maxMessageSize": ("MaximumMessageSize", 1024, 1_048_576),
    "messageRetentionSeconds": ("MessageRetentionPeriod", 60, 1_209_600),
    "receiveWaitTimeSeconds": ("ReceiveMessageWaitTimeSeconds", 0, 20),
    "visibilityTimeoutSeconds": ("VisibilityTimeout", 0, 43_200),
    "kmsDataKeyReusePeriodSeconds": ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
    "fifoQueue": ("FifoQueue", None, None),
    "contentBasedDeduplication": ("ContentBasedDeduplication", None, None),
    "kmsMasterKeyId": ("KmsMasterKeyId", None, None),
    "sqsManagedSseEnabled": ("SqsManagedSseEnabled", None, None),
}
_DOCUMENTS = {
    "policy": "Policy",
    "redrivePolicy": "RedrivePolicy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
}


@makes("aws:sqs/queue:Queue")
class Queue(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        name = inputs["name"]
        if (inputs.get("fifoQueue") is True) != name.endswith(".fifo"):
            raise RefusedError(
                f"InvalidParameterValue: {name}: a FIFO queue's name ends in .fifo, and only there"
            )
        tags = {key: str(value) for key, value in (inputs.get("tags") or {}).items()}
        url = aws.call("sqs", "CreateQueue", QueueName=name, Attributes=_attributes(inputs), tags=tags)[
            "QueueUrl"
        ]
        return Made(id=url, outputs={"url": url, "arn": f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        gone = {
            attribute: ""
            for name, attribute in _DOCUMENTS.items()
            if olds.get(name) is not None and inputs.get(name) is None
        }
        attributes = {key: value for key, value in _attributes(inputs).items() if key != "FifoQueue"}
        aws.call("sqs", "SetQueueAttributes", QueueUrl=resource_id, Attributes={**attributes, **gone})
        removed = [key for key in olds.get("tags") or {} if key not in (inputs.get("tags") or {})]
        if removed:
            aws.call("sqs", "UntagQueue", QueueUrl=resource_id, TagKeys=removed)
        if inputs.get("tags"):
            aws.call("sqs", "TagQueue", QueueUrl=resource_id, Tags=dict(inputs["tags"]))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("sqs", "DeleteQueue", absent=_NO_QUEUE, QueueUrl=resource_id)


class OnQueue(Maker):
    """A document that is one attribute of a queue."""

    attribute = ""
    property = ""

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        self._put(aws, inputs["queueUrl"], json_text(inputs[self.property], self.attribute) or "")
        return Made(id=inputs["queueUrl"])

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt(
            "sqs",
            "SetQueueAttributes",
            absent=_NO_QUEUE,
            QueueUrl=resource_id,
            Attributes={self.attribute: ""},
        )

    def _put(self, aws: Clients, url: str, text: str) -> None:
        aws.call("sqs", "SetQueueAttributes", QueueUrl=url, Attributes={self.attribute: text})


@makes("aws:sqs/queuePolicy:QueuePolicy")
class QueuePolicy(OnQueue):
    attribute, property = "Policy", "policy"


@makes("aws:sqs/redrivePolicy:RedrivePolicy")
class RedrivePolicy(OnQueue):
    attribute, property = "RedrivePolicy", "redrivePolicy"


@makes("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
class RedriveAllowPolicy(OnQueue):
    attribute, property = "RedriveAllowPolicy", "redriveAllowPolicy"


@makes("aws:sns/topic:Topic")
class Topic(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        attributes = {
            "DisplayName": inputs.get("displayName"),
            "KmsMasterKeyId": inputs.get("kmsMasterKeyId"),
            "Policy": json_text(inputs.get("policy"), "the topic policy"),
            "DeliveryPolicy": json_text(inputs.get("deliveryPolicy"), "the delivery policy"),
            "FifoTopic": "true" if inputs.get("fifoTopic") is True else None,
        }
        arn = aws.call(
            "sns",
            "CreateTopic",
            Name=inputs["name"],
            Attributes={key: value for key, value in attributes.items() if value is not None},
            Tags=tag_list(inputs.get("tags")),
        )["TopicArn"]
        return Made(id=arn, outputs={"arn": arn, "owner": aws.account})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        names = {"displayName": "DisplayName", "kmsMasterKeyId": "KmsMasterKeyId", "policy": "Policy"}
        for name, attribute in names.items():
            if olds.get(name) != inputs.get(name):
                value = str(inputs.get(name) or "")
                aws.call(
                    "sns",
                    "SetTopicAttributes",
                    TopicArn=resource_id,
                    AttributeName=attribute,
                    AttributeValue=value,
                )
        if inputs.get("tags"):
            aws.call("sns", "TagResource", ResourceArn=resource_id, Tags=tag_list(inputs["tags"]))
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("sns", "DeleteTopic", absent=["NotFound"], TopicArn=resource_id)


@makes("aws:sns/topicPolicy:TopicPolicy")
class TopicPolicy(Maker):
    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        text = json_text(inputs["policy"], "the topic policy")
        aws.call(
            "sns", "SetTopicAttributes", TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=text
        )
        return Made(id=inputs["arn"], outputs={"owner": aws.account})

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        """The provider puts the default policy back, which AWS does by itself with the topic's removal."""


@makes("aws:sns/topicSubscription:TopicSubscription")
class TopicSubscription(Maker):
    protocols = ("email", "email-json", "http", "https", "sqs", "sms", "lambda", "application", "firehose")

    def create(self, aws: Clients, inputs: Mapping[str, Any]) -> Made:
        if inputs["protocol"] not in self.protocols:
            raise RefusedError(
                f"InvalidParameter: Does not support this protocol string: {inputs['protocol']}; "
                f"supported are {', '.join(self.protocols)}"
            )
        if inputs["protocol"].startswith("email") and "@" not in inputs["endpoint"]:
            raise RefusedError(f"InvalidParameter: Invalid parameter: Email address: {inputs['endpoint']}")
        arn = aws.call(
            "sns",
            "Subscribe",
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=_subscription(inputs) or None,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return Made(id=arn, outputs={"arn": arn, "ownerId": aws.account, "pendingConfirmation": False})

    def update(
        self, aws: Clients, resource_id: str, olds: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> Made:
        for name, value in _subscription(inputs).items():
            aws.call(
                "sns",
                "SetSubscriptionAttributes",
                SubscriptionArn=resource_id,
                AttributeName=name,
                AttributeValue=value,
            )
        return Made(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Mapping[str, Any]) -> None:
        aws.attempt("sns", "Unsubscribe", absent=["NotFound"], SubscriptionArn=resource_id)


def _attributes(inputs: Mapping[str, Any]) -> dict[str, str]:
    result: dict[str, str] = {}
    for name, (attribute, lowest, highest) in _QUEUE.items():
        value = inputs.get(name)
        if value is None or (name == "fifoQueue" and value is False):
            continue
        if lowest is not None and highest is not None and not lowest <= int(value) <= highest:
            raise RefusedError(
                f"InvalidAttributeValue: Invalid value for the parameter {attribute}: {value} "
                f"is not between {lowest} and {highest}"
            )
        result[attribute] = str(value).lower() if isinstance(value, bool) else str(value)
    for name, attribute in _DOCUMENTS.items():
        text = json_text(inputs.get(name), attribute)
        if text is not None:
            result[attribute] = text
    return result


def _subscription(inputs: Mapping[str, Any]) -> dict[str, str]:
    names = {
        "filterPolicy": "FilterPolicy",
        "filterPolicyScope": "FilterPolicyScope",
        "redrivePolicy": "RedrivePolicy",
    }
    result = {attribute: str(inputs[name]) for name, attribute in names.items() if inputs.get(name)}
    if inputs.get("rawMessageDelivery") is True:
        result["RawMessageDelivery"] = "true"
    return result
