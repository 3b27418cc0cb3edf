# ruff: noqa: ARG002 every handler method takes the same arguments
"""SQS queues and SNS topics."""

from teei_finops.sandbox.providers.aws.api import AwsError, Clients, json_text, tag_list, without_none
from teei_finops.sandbox.providers.aws.resource_handler import Inputs, ResourceHandler, ResourceState, handles

_QUEUE_NOT_FOUND = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"]
# The attribute of each property and its range: SQS API 2012-11-05, SetQueueAttributes, 2026-11.
_QUEUE_ATTRIBUTES = {
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
_POLICY_ATTRIBUTES = {
    "policy": "Policy",
    "redrivePolicy": "RedrivePolicy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
}


@handles("aws:sqs/queue:Queue")
class Queue(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        name = inputs["name"]
        if (inputs.get("fifoQueue") is True) != name.endswith(".fifo"):
            raise AwsError(
                f"InvalidParameterValue: {name}: the name of a FIFO queue, and of no other, ends in .fifo"
            )
        tags = {key: str(value) for key, value in (inputs.get("tags") or {}).items()}
        url = aws.call("sqs", "CreateQueue", QueueName=name, Attributes=_queue_attributes(inputs), tags=tags)[
            "QueueUrl"
        ]
        return ResourceState(
            id=url, outputs={"url": url, "arn": f"arn:aws:sqs:{aws.region}:{aws.account}:{name}"}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        removed_policies = {
            attribute: ""
            for name, attribute in _POLICY_ATTRIBUTES.items()
            if olds.get(name) is not None and inputs.get(name) is None
        }
        attributes = {key: value for key, value in _queue_attributes(inputs).items() if key != "FifoQueue"}
        attributes.update(removed_policies)
        aws.call("sqs", "SetQueueAttributes", QueueUrl=resource_id, Attributes=attributes)
        removed_tags = [key for key in olds.get("tags") or {} if key not in (inputs.get("tags") or {})]
        if removed_tags:
            aws.call("sqs", "UntagQueue", QueueUrl=resource_id, TagKeys=removed_tags)
        if inputs.get("tags"):
            aws.call("sqs", "TagQueue", QueueUrl=resource_id, Tags=dict(inputs["tags"]))
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("sqs", "DeleteQueue", not_found=_QUEUE_NOT_FOUND, QueueUrl=resource_id)


class QueueAttribute(ResourceHandler):
    """A policy that is one attribute of a queue."""

    attribute = ""
    property = ""

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        attributes = {self.attribute: json_text(inputs[self.property], self.attribute)}
        aws.call("sqs", "SetQueueAttributes", QueueUrl=inputs["queueUrl"], Attributes=attributes)
        return ResourceState(id=inputs["queueUrl"])

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists(
            "sqs",
            "SetQueueAttributes",
            not_found=_QUEUE_NOT_FOUND,
            QueueUrl=resource_id,
            Attributes={self.attribute: ""},
        )


@handles("aws:sqs/queuePolicy:QueuePolicy")
class QueuePolicy(QueueAttribute):
    attribute, property = "Policy", "policy"


@handles("aws:sqs/redrivePolicy:RedrivePolicy")
class RedrivePolicy(QueueAttribute):
    attribute, property = "RedrivePolicy", "redrivePolicy"


@handles("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
class RedriveAllowPolicy(QueueAttribute):
    attribute, property = "RedriveAllowPolicy", "redriveAllowPolicy"


@handles("aws:sns/topic:Topic")
class Topic(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
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
            Attributes=without_none(attributes),
            Tags=tag_list(inputs.get("tags")),
        )["TopicArn"]
        return ResourceState(id=arn, outputs={"arn": arn, "owner": aws.account})

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
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
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("sns", "DeleteTopic", not_found=["NotFound"], TopicArn=resource_id)


@handles("aws:sns/topicPolicy:TopicPolicy")
class TopicPolicy(ResourceHandler):
    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        text = json_text(inputs["policy"], "the topic policy")
        aws.call(
            "sns", "SetTopicAttributes", TopicArn=inputs["arn"], AttributeName="Policy", AttributeValue=text
        )
        return ResourceState(id=inputs["arn"], outputs={"owner": aws.account})

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        """The topic's policy stays until the topic is deleted."""


@handles("aws:sns/topicSubscription:TopicSubscription")
class TopicSubscription(ResourceHandler):
    protocols = ("email", "email-json", "http", "https", "sqs", "sms", "lambda", "application", "firehose")

    def create(self, aws: Clients, inputs: Inputs) -> ResourceState:
        if inputs["protocol"] not in self.protocols:
            raise AwsError(
                f"InvalidParameter: Does not support this protocol string: {inputs['protocol']}; "
                f"supported are {', '.join(self.protocols)}"
            )
        if inputs["protocol"].startswith("email") and "@" not in inputs["endpoint"]:
            raise AwsError(f"InvalidParameter: Invalid parameter: Email address: {inputs['endpoint']}")
        arn = aws.call(
            "sns",
            "Subscribe",
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            Attributes=_subscription_attributes(inputs) or None,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return ResourceState(
            id=arn, outputs={"arn": arn, "ownerId": aws.account, "pendingConfirmation": False}
        )

    def update(self, aws: Clients, resource_id: str, olds: Inputs, inputs: Inputs) -> ResourceState:
        for name, value in _subscription_attributes(inputs).items():
            aws.call(
                "sns",
                "SetSubscriptionAttributes",
                SubscriptionArn=resource_id,
                AttributeName=name,
                AttributeValue=value,
            )
        return ResourceState(id=resource_id)

    def delete(self, aws: Clients, resource_id: str, inputs: Inputs) -> None:
        aws.call_if_exists("sns", "Unsubscribe", not_found=["NotFound"], SubscriptionArn=resource_id)


def _queue_attributes(inputs: Inputs) -> dict[str, str]:
    result: dict[str, str] = {}
    for name, (attribute, lowest, highest) in _QUEUE_ATTRIBUTES.items():
        value = inputs.get(name)
        if value is None or (name == "fifoQueue" and value is False):
            continue
        if lowest is not None and highest is not None and not lowest <= int(value) <= highest:
            raise AwsError(
                f"InvalidAttributeValue: Invalid value for the parameter {attribute}: {value} "
                f"is not between {lowest} and {highest}"
            )
        result[attribute] = str(value).lower() if isinstance(value, bool) else str(value)
    for name, attribute in _POLICY_ATTRIBUTES.items():
        text = json_text(inputs.get(name), attribute)
        if text is not None:
            result[attribute] = text
    return result


def _subscription_attributes(inputs: Inputs) -> dict[str, str]:
    names = {
        "filterPolicy": "FilterPolicy",
        "filterPolicyScope": "FilterPolicyScope",
        "redrivePolicy": "RedrivePolicy",
    }
    result = {attribute: str(inputs[name]) for name, attribute in names.items() if inputs.get(name)}
    if inputs.get("rawMessageDelivery") is True:
        result["RawMessageDelivery"] = "true"
    return result
